// podnet/toolbox: what one wants at hand inside a cluster's network.
import { nameServiceLibraries, programs } from './programs.ts';
import { type Tree, mergeTrees } from './tree.ts';

/** Real programs where busybox's applets are too small: iproute2's ip, BIND's nslookup, which knows search paths. */
const PROGRAMS = [
  '/usr/bin/curl',
  '/usr/bin/dig',
  '/usr/bin/nslookup',
  '/usr/bin/socat',
  '/usr/bin/printenv',
  '/usr/bin/ip',
  '/usr/bin/ss',
];

const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

export const toolboxTree = (): Tree => {
  const tree = mergeTrees(programs('', PROGRAMS), programs('', ['/usr/bin/nc.openbsd']));
  return mergeTrees(
    tree,
    nameServiceLibraries(tree),
    new Map([
      ['/usr/bin/nc', { kind: 'link', target: 'nc.openbsd' }],
      [CERTIFICATES, { kind: 'copy', from: CERTIFICATES }],
    ]),
  );
};
