"""A key of gpg that lives as long as a with statement, in a home of its own."""

import os
import shutil
import subprocess
import tempfile


class SigningKey:
    def __enter__(self):
        # Short: the agent's socket is in it, and its path has 108 bytes at most.
        self.home = tempfile.mkdtemp(prefix="gpg-", dir="/tmp")
        self.env = {**os.environ, "GNUPGHOME": self.home}
        self.id = "release@steelyard.invalid"
        # RSA: registries take no elliptic curves.
        self._run("--passphrase", "", "--quick-generate-key", self.id, "rsa2048", "sign", "1d")
        return self

    def __exit__(self, *_):
        subprocess.run(["gpgconf", "--kill", "gpg-agent"], check=True, env=self.env)
        shutil.rmtree(self.home, ignore_errors=True)

    def _run(self, *words):
        done = subprocess.run(["gpg", "--batch", "--quiet", *map(str, words)], capture_output=True, text=True,
                              env=self.env)
        assert done.returncode == 0, (words, done.stderr)
        return done.stdout

    def public(self):
        return self._run("--armor", "--export", self.id)

    def long_id(self):
        """As registries name it: the last 16 digits of the fingerprint."""
        return next(line.split(":")[4] for line in self._run("--with-colons", "--list-keys").splitlines()
                    if line.startswith("pub:"))

    def verify(self, signature, signed):
        self._run("--verify", signature, signed)
