"""A power cut: what was not synced is lost.

The calls of a run are replayed on a model of a disk. Names appear, change and go in the order in which the program changed them, and
what of that is on the disk is a beginning of it, and whatever a sync of its directory has put there. What was written to a file since
its last sync is lost, whole or in part, or reads as zeros. A sync of a file says nothing of its name, nor one of a directory of the
directory's own name (fsync(2)): file systems give more than that. A file keeps its inode number, and its second name is of the same file:
the program's notes rely on both.
"""

import json
import os
import pathlib
import re

import strace


class File:
    def __init__(self, content=b"", mode=0o600, synced=None):
        self.content, self.mode, self.synced = bytearray(content), mode, synced


class Opened:
    def __init__(self, file, append):
        self.file, self.append, self.at = file, append, 0


class Disk:
    def __init__(self, root):
        self.root = str(root)
        self.names, self.changes, self.synced, self.opened = {}, [], {}, {}
        self.numbers = {}  # the inode numbers that files had, as far as they are known
        for path in sorted(pathlib.Path(root).rglob("*")):
            mode = path.stat().st_mode & 0o7777
            if path.is_file():
                content = path.read_bytes()
                self.names[str(path)] = File(content, mode, content)
                self.numbers[self.names[str(path)]] = path.stat().st_ino
            elif path.is_dir():
                self.names[str(path)] = None
        self.first = dict(self.names)

    def inside(self, path):
        return path is not None and path.startswith(self.root + "/")

    def change(self, kind, path, other=None):
        """Does it now, and remembers it for what may be lost."""
        self.changes.append((kind, path, other))
        apply(self.names, kind, path, other)

    def replay(self, log):
        for call in strace.calls(log):
            if not call.result.startswith("-1"):
                getattr(self, "on_" + FAMILY.get(call.name, "nothing"))(call)

    def learn_numbers(self):
        """Takes note of the inode numbers, while the run's own files are still there."""
        for path, file in self.names.items():
            if file is not None:
                self.numbers[file] = os.stat(path).st_ino

    def at(self, arguments, place):
        """The path that a directory's descriptor and a name make. `place`: which of the texts the name is."""
        parts = re.split(r", (?=-?\d+[<,]|AT_FDCWD)", arguments)
        names = [found.decode("utf-8", "surrogateescape") for found in strace.strings(arguments)]
        directory = strace.descriptor(parts[place if len(parts) > place else 0])[1] or self.root
        return os.path.normpath(os.path.join(directory, names[place]))

    def on_nothing(self, call):
        pass

    def on_open(self, call):
        number, there = strace.descriptor(call.result)
        path = self.at(call.arguments, 0) if call.name == "openat" else self.path_of(call)
        made = re.search(r"O_(CREAT|TMPFILE)\b", call.arguments)
        mode = int(call.arguments.rsplit(", ", 1)[1], 8) & ~0o022 if made else 0
        self.opened.pop(number, None)
        if "O_TMPFILE" in call.arguments:
            if self.inside(path + "/x"):
                self.opened[number] = Opened(File(mode=mode), False)
            return
        if not self.inside(path):
            return
        file = self.names.get(path)
        if file is None and path not in self.names and made:
            file = File(mode=mode)
            self.change("link", path, file)
        if file is not None:
            if "O_TRUNC" in call.arguments:
                file.content.clear()
            self.opened[number] = Opened(file, "O_APPEND" in call.arguments)

    def path_of(self, call, place=0):
        name = strace.strings(call.arguments)[place].decode("utf-8", "surrogateescape")
        return os.path.normpath(os.path.join(self.root, name))

    def held(self, call):
        return self.opened.get(strace.descriptor(call.arguments)[0])

    def on_write(self, call):
        held, written = self.held(call), int(call.result.split()[0])
        if held:
            at = len(held.file.content) if held.append else held.at
            if call.name == "pwrite64":
                at = int(call.arguments.rsplit(", ", 1)[1])
            held.file.content[at:at + written] = b"".join(strace.strings(call.arguments))[:written]
            held.at = at + written

    def on_copy(self, call):
        numbers = [strace.descriptor(part)[0] for part in call.arguments.split(", ") if "<" in part]
        source, target = (numbers if call.name == "copy_file_range" else numbers[::-1])[:2]
        source, target, count = self.opened.get(source), self.opened.get(target), int(call.result.split()[0])
        if target:
            content = bytes(source.file.content[source.at:source.at + count]) if source else b"?" * count
            target.file.content[target.at:target.at + count] = content
            target.at += count
            if source:
                source.at += count

    def on_seek(self, call):
        if held := self.held(call):
            held.at = int(call.result.split()[0])

    def on_truncate(self, call):
        if held := self.held(call):
            length = int(call.arguments.rsplit(", ", 1)[1])
            held.file.content[:] = held.file.content[:length].ljust(length, b"\0")

    def on_mode(self, call):
        if held := self.held(call):
            held.file.mode = int(call.arguments.rsplit(", ", 1)[1], 8)

    def on_sync(self, call):
        number, path = strace.descriptor(call.arguments)
        if held := self.opened.get(number):
            held.file.synced = bytes(held.file.content)
        elif path is not None:
            self.synced[path] = len(self.changes)

    def on_close(self, call):
        self.opened.pop(strace.descriptor(call.arguments)[0], None)

    def on_duplicate(self, call):
        if call.name != "fcntl" or "F_DUPFD" in call.arguments:
            number = call.result.split("<")[0].split()[0]
            if held := self.held(call):
                self.opened[number] = held

    def on_link(self, call):
        names = strace.strings(call.arguments)
        target = self.at(call.arguments, 1) if call.name == "linkat" else self.path_of(call, 1)
        own = re.fullmatch(rb"/proc/self/fd/(\d+)", names[0])
        if own:
            held = self.opened.get(own[1].decode())
            file = held.file if held else None
        else:
            file = self.names.get(self.at(call.arguments, 0) if call.name == "linkat" else self.path_of(call))
        if file is not None and self.inside(target):
            self.change("link", target, file)

    def on_rename(self, call):
        paths = [self.path_of(call, place) if call.name == "rename" else self.at(call.arguments, place) for place in (0, 1)]
        if self.inside(paths[0]):
            self.change("rename", *paths)

    def on_remove(self, call):
        path = self.at(call.arguments, 0) if call.name == "unlinkat" else self.path_of(call)
        if path in self.names:
            self.change("remove", path)

    def on_directory(self, call):
        path = self.at(call.arguments, 0) if call.name == "mkdirat" else self.path_of(call)
        if self.inside(path):
            self.change("directory", path)

    def after_a_cut(self, dice, least=False):
        """The names and their content as they may be found. `least`: nothing but what must be there."""
        begun = 0 if least else dice.choice([0, len(self.changes), dice.randint(0, len(self.changes))])
        names = dict(self.first)
        for number, (kind, path, other) in enumerate(self.changes):
            if number < begun or number < self.synced.get(os.path.dirname(path), 0):
                apply(names, kind, path, other)
        found, remains = {}, {}
        for path, file in sorted(names.items()):
            if path != self.root and os.path.dirname(path) != self.root and os.path.dirname(path) not in found:
                continue  # its directory is lost
            if file is not None and file not in remains:
                remains[file] = self.remains(file, dice)
            found[path] = None if file is None else (remains[file], file)
        return found

    def write(self, found):
        """Puts what was found in the directory, which is empty."""
        now, notes = {}, []
        for path, entry in found.items():
            assert path.startswith(self.root + "/")
            if entry is None:
                os.mkdir(path)
                continue
            content, file = entry
            if file in now:
                os.link(now[file], path)
                continue
            now[file] = path
            pathlib.Path(path).write_bytes(content)
            os.chmod(path, file.mode)
            if os.path.basename(path) in NOTES:
                notes.append((path, content, file))
        for path, content, file in notes:
            self.renumber(path, content, file, now)

    def renumber(self, path, content, file, now):
        """The files have other numbers here than on the disk, which would have kept them: a note that is whole gets those."""
        try:
            note = json.loads(content)
        except ValueError:
            return
        if not isinstance(note, dict):
            return
        directory = os.path.dirname(path)
        linked = {other: made for kind, other, made in self.changes if kind == "link"}
        self.numbers.setdefault(file, note["inode"])
        for member in note["members"]:
            if made := linked.get(os.path.join(directory, member["temporary"])):
                self.numbers.setdefault(made, member["inode"])
        new = {number: os.stat(now[one]).st_ino for one, number in self.numbers.items() if one in now}
        note["inode"] = new.get(note["inode"], note["inode"])
        for member in note["members"]:
            member["inode"] = new.get(member["inode"], member["inode"])
            if isinstance(member["before"], dict):
                kept = member["before"]["kept"]
                kept["inode"] = new.get(kept["inode"], kept["inode"])
        pathlib.Path(path).write_text(json.dumps(note))

    @staticmethod
    def remains(file, dice):
        content = bytes(file.content)
        if content == file.synced:
            return content
        part = content[:dice.randint(0, len(content))]
        return dice.choice([file.synced or b"", part, part.ljust(len(content), b"\0"), bytes(len(content))])


def apply(names, kind, path, other):
    if kind == "link":
        names[path] = other
    elif kind == "directory":
        names[path] = None
    elif kind == "remove":
        names.pop(path, None)
    elif path in names and names.get(other) is not names[path]:  # else they are two names of one file, and both stay (rename(2))
        names[other] = names.pop(path)


# What the program leaves while files are put in place together.
NOTES = (".hsmboot-group", ".hsmboot-undo")

FAMILY = {
    **dict.fromkeys(["openat", "open", "creat"], "open"),
    **dict.fromkeys(["write", "writev", "pwrite64"], "write"),
    **dict.fromkeys(["copy_file_range", "sendfile"], "copy"),
    **dict.fromkeys(["fsync", "fdatasync"], "sync"),
    **dict.fromkeys(["linkat", "link"], "link"),
    **dict.fromkeys(["renameat", "renameat2", "rename"], "rename"),
    **dict.fromkeys(["unlinkat", "unlink", "rmdir"], "remove"),
    **dict.fromkeys(["mkdirat", "mkdir"], "directory"),
    **dict.fromkeys(["dup", "dup2", "dup3", "fcntl"], "duplicate"),
    "close": "close", "lseek": "seek", "ftruncate": "truncate", "fchmod": "mode",
}
