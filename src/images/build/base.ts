// The layer that both images stand on: folders, users, and busybox with its applets.
import { spawnSync } from 'node:child_process';
import { ImageError } from '../image-error.ts';
import { programs } from './programs.ts';
import { type Tree, type TreeEntry, mergeTrees, mergedLinks } from './tree.ts';

export const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const USERS = [
  'root:x:0:0:root:/root:/bin/sh',
  'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin',
  'nginx:x:101:101:nginx:/nonexistent:/usr/sbin/nologin',
];
const GROUPS = ['root:x:0:', 'tty:x:5:', 'nogroup:x:65534:', 'nginx:x:101:'];

const text = (lines: readonly string[]): TreeEntry => ({ kind: 'text', text: `${lines.join('\n')}\n` });

const skeleton = (): Tree =>
  new Map<string, TreeEntry>([
    ['/etc/passwd', text(USERS)],
    ['/etc/group', text(GROUPS)],
    ['/etc/nsswitch.conf', text(['passwd: files', 'group: files', 'hosts: files dns'])],
    ['/etc/os-release', text(['ID=podnet', 'NAME=podnet', 'PRETTY_NAME="podnet, from Debian packages"'])],
    ['/root', { kind: 'folder', mode: 0o700 }],
    ['/tmp', { kind: 'folder', mode: 0o1777 }],
    ['/run', { kind: 'folder' }],
    ['/var/run', { kind: 'link', target: '/run' }],
    ...['/dev', '/proc', '/sys', '/etc', '/home', '/mnt', '/var/tmp', '/var/log', '/var/lib'].map(
      (path): [string, TreeEntry] => [path, { kind: 'folder' }],
    ),
  ]);

const applets = (): Tree => {
  const { stdout, error } = spawnSync('busybox', ['--list'], { encoding: 'utf8' });
  if (error) throw new ImageError('BUILD_FAILED', `cannot run busybox: ${error.message}`, { cause: error });
  const names = stdout.split('\n').filter((name) => name !== '' && name !== 'busybox');
  return new Map(names.map((name) => [`/usr/bin/${name}`, { kind: 'link', target: 'busybox' }]));
};

export const baseTree = (): Tree =>
  mergeTrees(mergedLinks(), skeleton(), applets(), programs('', ['/usr/bin/busybox']));
