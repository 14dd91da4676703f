// The configuration that is in force: that of the ConfigMap kube-system/coredns, or the default.
import type { Informer } from '../../informer/informer.ts';
import type { ConfigMap } from '../../k8s/generated/types.ts';
import type { Log } from '../../lang/log.ts';
import type { Upstream } from '../forward/forward-zone.ts';
import { parseCorefile } from './corefile.ts';
import { selectDns } from './select.ts';
import { defaultConfig } from './state.ts';
import type { DnsConfig } from './state.ts';

export type ConfigOptions = {
  readonly domain: string;
  /** What /etc/resolv.conf stands for. */
  readonly hostServers: readonly Upstream[];
  /** Of kube-system; others than `coredns` are not looked at. */
  readonly configMaps?: Informer<ConfigMap> | undefined;
  readonly log: Log;
};

const CONFIG_MAP = 'kube-system/coredns';

/** Calls back at once with what is known, then with each change. A file that cannot be read changes nothing. */
export const followConfig = (options: ConfigOptions, apply: (config: DnsConfig) => void): (() => void) => {
  const { configMaps, hostServers } = options;
  apply(defaultConfig(hostServers));
  if (!configMaps) return () => {};
  return configMaps.subscribe(({ key, before, after }) => {
    if (key !== CONFIG_MAP || before?.data?.['Corefile'] === after?.data?.['Corefile']) return;
    const config = configOf(after?.data?.['Corefile'], options);
    if (config) apply(config);
  });
};

/** Undefined: what is in force stays. */
const configOf = (corefile: string | undefined, options: ConfigOptions): DnsConfig | undefined => {
  const { hostServers, log } = options;
  if (corefile === undefined) return defaultConfig(hostServers);
  const parsed = parseCorefile(corefile);
  if (!parsed.ok) {
    log.error(
      { configMap: CONFIG_MAP, reason: parsed.reason },
      'Corefile not read, the configuration before it stays',
    );
    return undefined;
  }
  const { config, warnings } = selectDns(parsed.blocks, options);
  for (const warning of warnings)
    log.warn({ configMap: CONFIG_MAP, warning }, 'part of the Corefile left out');
  return config;
};
