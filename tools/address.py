"""Write the repository's address wherever the repository is named.

    python tools/address.py https://github.com/owner/name

The present address is read from _config.yml; Colab, raw-file and Pages addresses follow from it.
"""

import re
import subprocess
import sys
from pathlib import Path

ADDRESS = re.compile(r"https://github\.com/([\w.-]+)/([\w.-]+)")


def configured(root: Path) -> tuple[str, str]:
    """Owner and name of the repository, as _config.yml says."""
    return ADDRESS.search((root / "_config.yml").read_text(encoding="utf-8")).groups()


def text_files(root: Path) -> dict[Path, str]:
    """The repository's text files and their contents."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=root, check=True, capture_output=True, text=True).stdout
    texts = {}
    for name in filter(None, names.split("\0")):
        try:
            texts[root / name] = (root / name).read_bytes().decode()
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue  # a picture, weights, or deleted but not yet committed
    return texts


def rename(text: str, old: tuple[str, str], new: tuple[str, str]) -> str:
    """Replace owner/name, and the Pages address made of the two, where they stand as whole words."""
    for form in ("{}/{}", "{}.github.io/{}"):
        text = re.sub(rf"(?<![\w.-]){re.escape(form.format(*old))}(?![\w-])", form.format(*new), text)
    return text


def main(address: str, root: Path) -> None:
    """Write `address` into every text file of the repository and print which files changed."""
    new = ADDRESS.fullmatch(address.removesuffix("/").removesuffix(".git"))
    if new is None:
        sys.exit(f"not an address like https://github.com/owner/name: {address!r}")
    old = configured(root)
    for path, text in text_files(root).items():
        renamed = rename(text, old, new.groups())
        if renamed != text:
            path.write_bytes(renamed.encode())
            print(path.relative_to(root))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1], Path(__file__).parents[1])
