/* A PKCS#11 module in front of another: it passes everything on to the module that FORWARD_TO names, writes down the calls that the tests count, and
 * does what the words in FORWARD_DO say, which SoftHSM alone does not:
 *
 *   tries   three wrong PINs in a row lock the token, and its flags say so (the count is kept in FORWARD_STATE)
 *   quiet   no flag about wrong PINs at all
 *   pad     the token has a PIN pad: a login without a PIN is taken, with the PIN that FORWARD_PIN holds
 *   open    the token asks for no login (the module in front logs in by itself, with FORWARD_PIN)
 *   always  new private keys want a login for each signature (CKA_ALWAYS_AUTHENTICATE)
 *   early   C_SignInit wants the login for a signature before it, not after it
 *   leaky   new private keys can be taken out of the token (CKA_EXTRACTABLE)
 *   plain   new private keys can be read (not CKA_SENSITIVE)
 *   picky   a template with CKA_MODIFIABLE or CKA_DECRYPT is refused
 *   liar    signatures have a wrong bit
 *   gone    the token is removed before it signs
 *   nolock  the module does not do locking
 *
 * The structures are those of PKCS#11 2.40 where unsigned long and pointers have one size and nothing is packed. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long ulong_t;
typedef ulong_t (*call_t)();
typedef struct { unsigned char major, minor; call_t call[68]; } list_t;
typedef struct { ulong_t type; void *value; ulong_t length; } attribute_t;

enum { INITIALIZE = 0, GET_FUNCTION_LIST = 3, GET_TOKEN_INFO = 6, OPEN_SESSION = 12, LOGIN = 18, FIND_OBJECTS_INIT = 26, SIGN_INIT = 42, SIGN = 43, SIGN_UPDATE = 44,
       SIGN_FINAL = 45, GENERATE_KEY_PAIR = 59 };
enum { CKR_OK = 0, CKR_CANT_LOCK = 0xA, CKR_PIN_LOCKED = 0xA4, CKR_PIN_INCORRECT = 0xA0, CKR_DEVICE_REMOVED = 0x32, CKR_TEMPLATE_INCONSISTENT = 0xD1,
       CKR_USER_NOT_LOGGED_IN = 0x101 };
enum { CKU_CONTEXT_SPECIFIC = 2 };
enum { CKF_LOGIN_REQUIRED = 4, CKF_PAD = 0x100, CKF_COUNT_LOW = 0x10000, CKF_FINAL_TRY = 0x20000, CKF_LOCKED = 0x40000 };
enum { CKA_SENSITIVE = 0x103, CKA_DECRYPT = 0x105, CKA_EXTRACTABLE = 0x162, CKA_MODIFIABLE = 0x170, CKA_ALWAYS_AUTHENTICATE = 0x202 };

static list_t *real;
static list_t front;
/* Whether a login for the next signature has been, where it comes early. */
static int let_in;

static int does(const char *word) {
    const char *all = getenv("FORWARD_DO");
    return all && strstr(all, word);
}

static void note(const char *what, ulong_t number) {
    FILE *file = getenv("FORWARD_LOG") ? fopen(getenv("FORWARD_LOG"), "a") : NULL;
    if (!file) return;
    fprintf(file, "%s %lu\n", what, number);
    fclose(file);
}

static int failures(void) {
    int count = 0;
    FILE *file = fopen(getenv("FORWARD_STATE"), "r");
    if (file) {
        if (fscanf(file, "%d", &count) != 1) count = 0;
        fclose(file);
    }
    return count;
}

static void remember(int count) {
    FILE *file = fopen(getenv("FORWARD_STATE"), "w");
    fprintf(file, "%d\n", count);
    fclose(file);
}

static ulong_t initialize(ulong_t *arguments) {
    /* Five pointers, then the flags; CKF_OS_LOCKING_OK is 2. */
    if (does("nolock") && arguments && (arguments[4] & 2)) return CKR_CANT_LOCK;
    return real->call[INITIALIZE](arguments);
}

static ulong_t get_token_info(ulong_t slot, unsigned char *info) {
    ulong_t result = real->call[GET_TOKEN_INFO](slot, info);
    ulong_t flags;
    if (result != CKR_OK) return result;
    memcpy(&flags, info + 96, sizeof flags);
    if (does("quiet") || does("tries")) flags &= ~(ulong_t)(CKF_COUNT_LOW | CKF_FINAL_TRY | CKF_LOCKED);
    if (does("tries")) {
        int count = failures();
        if (count > 0) flags |= CKF_COUNT_LOW;
        if (count == 2) flags |= CKF_FINAL_TRY;
        if (count > 2) flags |= CKF_LOCKED;
    }
    if (does("pad")) flags |= CKF_PAD;
    if (does("open")) flags &= ~(ulong_t)CKF_LOGIN_REQUIRED;
    memcpy(info + 96, &flags, sizeof flags);
    return result;
}

static ulong_t open_session(ulong_t slot, ulong_t flags, void *application, void *notify, ulong_t *session) {
    ulong_t result = real->call[OPEN_SESSION](slot, flags, application, notify, session);
    const char *pin = getenv("FORWARD_PIN");
    if (result == CKR_OK && does("open")) real->call[LOGIN](*session, 1UL, pin, strlen(pin));
    return result;
}

static ulong_t login(ulong_t session, ulong_t user, const char *pin, ulong_t length) {
    ulong_t result;
    note(pin ? "login" : "login-at-the-pad", user);
    if (does("tries") && failures() > 2) return CKR_PIN_LOCKED;
    if (does("early") && user == CKU_CONTEXT_SPECIFIC) {
        let_in = strlen(getenv("FORWARD_PIN")) == length && !memcmp(pin, getenv("FORWARD_PIN"), length);
        return let_in ? CKR_OK : CKR_PIN_INCORRECT;
    }
    if (!pin && does("pad")) {
        pin = getenv("FORWARD_PIN");
        length = strlen(pin);
    }
    result = real->call[LOGIN](session, user, pin, length);
    if (does("tries")) remember(result == CKR_PIN_INCORRECT ? failures() + 1 : 0);
    return result;
}

static ulong_t find_objects_init(ulong_t session, attribute_t *template, ulong_t count) {
    note("find", count);
    return real->call[FIND_OBJECTS_INIT](session, template, count);
}

static ulong_t sign_init(ulong_t session, ulong_t *mechanism, ulong_t key) {
    ulong_t result;
    note("sign-init", mechanism[0]);
    if (does("early") && !let_in) return CKR_USER_NOT_LOGGED_IN;
    result = real->call[SIGN_INIT](session, mechanism, key);
    if (result == CKR_OK && let_in) real->call[LOGIN](session, (ulong_t)CKU_CONTEXT_SPECIFIC, getenv("FORWARD_PIN"), strlen(getenv("FORWARD_PIN")));
    let_in = 0;
    return result;
}

static ulong_t sign(ulong_t session, void *data, ulong_t length, unsigned char *signature, ulong_t *size) {
    ulong_t result;
    if (does("gone")) return CKR_DEVICE_REMOVED;
    result = real->call[SIGN](session, data, length, signature, size);
    if (result == CKR_OK && signature && does("liar")) signature[*size - 1] ^= 1;
    return result;
}

static ulong_t generate_key_pair(ulong_t session, void *mechanism, attribute_t *public, ulong_t publics, attribute_t *private, ulong_t privates,
                                 ulong_t *public_key, ulong_t *private_key) {
    static unsigned char yes = 1, no = 0;
    attribute_t *template = calloc(privates + 1, sizeof *template);
    ulong_t result, at;
    memcpy(template, private, privates * sizeof *template);
    note("generate", privates);
    for (at = 0; at < privates; at++) {
        if (does("picky") && (template[at].type == CKA_MODIFIABLE || template[at].type == CKA_DECRYPT)) {
            free(template);
            return CKR_TEMPLATE_INCONSISTENT;
        }
        if (does("leaky") && template[at].type == CKA_EXTRACTABLE) template[at].value = &yes;
        if (does("plain") && template[at].type == CKA_SENSITIVE) template[at].value = &no;
    }
    if (does("always")) {
        template[privates].type = CKA_ALWAYS_AUTHENTICATE;
        template[privates].value = &yes;
        template[privates].length = 1;
        privates++;
    }
    result = real->call[GENERATE_KEY_PAIR](session, mechanism, public, publics, template, privates, public_key, private_key);
    free(template);
    return result;
}

static ulong_t get_function_list(list_t **list) {
    *list = &front;
    return CKR_OK;
}

ulong_t C_GetFunctionList(list_t **list) {
    void *library = dlopen(getenv("FORWARD_TO"), RTLD_NOW | RTLD_LOCAL);
    call_t get = library ? (call_t)dlsym(library, "C_GetFunctionList") : NULL;
    if (!get || get(&real) != CKR_OK) return 5; /* CKR_GENERAL_ERROR */
    front = *real;
    front.call[INITIALIZE] = (call_t)initialize;
    front.call[GET_FUNCTION_LIST] = (call_t)get_function_list;
    front.call[GET_TOKEN_INFO] = (call_t)get_token_info;
    front.call[OPEN_SESSION] = (call_t)open_session;
    front.call[LOGIN] = (call_t)login;
    front.call[FIND_OBJECTS_INIT] = (call_t)find_objects_init;
    front.call[SIGN_INIT] = (call_t)sign_init;
    front.call[SIGN] = (call_t)sign;
    front.call[GENERATE_KEY_PAIR] = (call_t)generate_key_pair;
    *list = &front;
    return CKR_OK;
}
