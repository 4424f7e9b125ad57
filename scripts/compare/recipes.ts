/**
 * Shell scripts that create the files of three layers in an empty directory: files of packages, files that usually only
 * install scripts create, and every change that a layer can make to the layers below.
 *
 * @module
 */

/** Packages with hard links, setuid programs, non-ASCII names, many symlinks and many small files. */
export const PACKAGES: readonly string[] = [
  "perl-base",
  "passwd",
  "ca-certificates",
  "tzdata",
  "iputils-ping",
  "git",
  "ncurses-base",
];

/** The first layer: the packages, and files that install scripts usually create. */
export const BASE = `
for deb in ../debs/*.deb; do dpkg-deb -x "$deb" .; done
setcap cap_net_raw+ep "$(find . -name ping -type f | head -1)"
chmod 4755 usr/bin/passwd
mkdir -p dev tmp home var/log run
chmod 1777 tmp
mknod dev/null c 1 3; mknod dev/loop7 b 7 7; mknod dev/large c 500 300000; mkfifo run/pipe
truncate -s 20M var/log/lastlog; printf x | dd of=var/log/lastlog bs=1 seek=10000000 conv=notrunc status=none
python3 -c 'import os; os.setxattr("etc", "user.note", b"a=b\\xff\\n\\0c"); os.setxattr("run/pipe", "trusted.t", b"1")'
long=home; for i in $(seq 12); do long="$long/a-directory-with-quite-a-long-name-$i"; done; mkdir -p "$long"; echo deep > "$long/file"
echo x > "home/naïve Főtanúsítvány $(printf '\\360\\237\\220\\263')"; echo x > "$(printf 'home/latin-\\351')"
ln -s "$(printf 'x%.0s' $(seq 300))" home/long-target; ln -s /etc/absolute home/absolute
echo owned > home/owned; chown 4000000000:3000000000 home/owned
echo old > home/old; touch -d '1950-01-02 03:04:05.25' home/old; touch -d '2030-01-01 00:00:00.123456789' home/precise
ln home/old home/old-too; ln -s gone home/dead; ln home/dead home/dead-too
chmod 0 home/dead home/owned 2>/dev/null || true; chown -h 12:13 home/absolute; touch -h -d '2001-02-03' home/absolute
chmod 500 var/log; touch -d '2002-03-04 05:06:07' var/log tmp dev home
`;

/** The second: whiteouts of a file, a directory and the first name of a hard link; an opaque directory; type changes. */
export const CHANGES = `
mkdir -p usr/share/doc etc/ssl home var/log usr/bin
touch usr/share/.wh.zoneinfo usr/share/doc/.wh..wh..opq home/.wh.old etc/.wh.ssl home/.wh.never-there
mkdir etc/ssl/certs; echo new > etc/ssl/certs/own.pem; mkdir usr/share/doc/own; echo doc > usr/share/doc/own/readme
rm -rf home/dead; mkdir home/dead; echo now-a-directory > home/dead/file
echo now-a-file > usr/bin/git; ln -s git usr/bin/git-link; ln usr/bin/git usr/bin/git-hard
chmod 2750 usr/share/doc/own; touch -d '2003-03-03' usr/share/doc/own home
`;

/**
 * The third, in GNU tar's format: long names and sparse files. umoci 0.4 doesn't support GNU sparse files, so it gets
 * the same files without holes.
 */
export const GNU = `
long=opt; for i in $(seq 12); do long="$long/another-directory-with-a-long-name-$i"; done; mkdir -p "$long"; echo deep > "$long/file"
for i in $(seq 0 60); do printf "$i" | dd of=opt/sparse bs=1 seek=$((i * 100000)) conv=notrunc status=none; done; truncate -s 9M opt/sparse
ln -s "$(printf 'y%.0s' $(seq 200))" opt/long-target; ln opt/sparse opt/sparse-too
`;
