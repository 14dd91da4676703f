// Linux capabilities of a container: Docker's default set, changed by securityContext.capabilities.
// https://github.com/moby/moby/blob/v27.0.0/oci/caps/defaults.go

const DEFAULT: readonly string[] = [
  'CAP_AUDIT_WRITE',
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_MKNOD',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_RAW',
  'CAP_SETFCAP',
  'CAP_SETGID',
  'CAP_SETPCAP',
  'CAP_SETUID',
  'CAP_SYS_CHROOT',
];

/** capabilities(7), in the order of their numbers. */
const ALL: readonly string[] =
  `CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
  NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN
  SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE
  MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE`
    .split(/\s+/)
    .map((name) => `CAP_${name}`);

export type CapabilityChange = {
  readonly privileged: boolean;
  readonly addCapabilities: readonly string[];
  readonly dropCapabilities: readonly string[];
};

/** The set a container gets, sorted. Names with or without `CAP_`; `ALL` is understood in both lists; adding wins. */
export const capabilitiesOf = ({
  privileged,
  addCapabilities,
  dropCapabilities,
}: CapabilityChange): readonly string[] => {
  if (privileged) return ALL;
  const dropped = new Set(expand(dropCapabilities));
  const kept = DEFAULT.filter((name) => !dropped.has(name));
  return [...new Set([...kept, ...expand(addCapabilities)])].sort();
};

const expand = (names: readonly string[]): readonly string[] =>
  names.flatMap((name) => {
    const full = name.toUpperCase().replace(/^(CAP_)?/, 'CAP_');
    return full === 'CAP_ALL' ? ALL : [full];
  });
