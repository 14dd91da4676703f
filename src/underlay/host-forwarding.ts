// The host forwards while there is a cluster. What its settings were before the first one is kept in a file, so that
// the last cluster's end can restore them, also after kill -9.
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { isKernelError } from '../kernel/kernel-error.ts';
import { readSysctl, writeSysctl } from '../kernel/sysctl.ts';

/**
 * The settings are those of a network namespace, mostly the machine's first. The folder also has one folder for each
 * cluster; names that begin with a dot are not clusters.
 */
const fileName = (): string => `/run/podnet/.sysctls-${statSync('/proc/thread-self/ns/net').ino}.json`;

type Sysctls = Readonly<Record<string, string>>;

const FORWARDING: Sysctls = { 'net/ipv4/ip_forward': '1', 'net/ipv6/conf/all/forwarding': '1' };

/** Idempotent. */
export const enableHostForwarding = (): void => {
  const file = fileName();
  const isFirst = !existsSync(file);
  const wanted = isFirst ? { ...keepRouterAdvertisements(), ...FORWARDING } : FORWARDING;
  const before = Object.fromEntries(Object.keys(wanted).map((name) => [name, readSysctl(name)]));
  if (isFirst) remember(file, before);
  for (const [name, value] of Object.entries(wanted)) if (before[name] !== value) writeSysctl(name, value);
};

/** Puts the settings back as they were before the first cluster. Idempotent. */
export const restoreHostForwarding = (): void => {
  const file = fileName();
  if (!existsSync(file)) return;
  const earlier = JSON.parse(readFileSync(file, 'utf8')) as Sysctls;
  for (const [name, value] of Object.entries(earlier).reverse()) restore(name, value);
  rmSync(file, { force: true });
};

/**
 * A machine that forwards IPv6 forgets the default routes that its routers told it, and hears no more of them, unless
 * accept_ra is 2 (Documentation/networking/ip-sysctl.rst): the host would lose its IPv6 network.
 */
const keepRouterAdvertisements = (): Sysctls =>
  Object.fromEntries(
    readdirSync('/proc/sys/net/ipv6/conf')
      .map((device) => `net/ipv6/conf/${device}/accept_ra`)
      .filter((name) => isListening(name))
      .map((name) => [name, '2']),
  );

const isListening = (name: string): boolean => {
  const device = name.split('/')[3]!;
  if (['all', 'default', 'lo'].includes(device)) return false;
  try {
    return readSysctl(name) === '1';
  } catch (error) {
    if (isKernelError(error, 'ENOENT')) return false; // the interface has gone since
    throw error;
  }
};

const remember = (file: string, values: Sysctls): void => {
  writeFileSync(`${file}.tmp`, JSON.stringify(values), { mode: 0o600 });
  renameSync(`${file}.tmp`, file);
};

const restore = (name: string, value: string): void => {
  try {
    if (readSysctl(name) !== value) writeSysctl(name, value);
  } catch (error) {
    if (!isKernelError(error, 'ENOENT')) throw error; // the interface has gone since
  }
};
