// The addresses that domain names have for policies: what the DNS of the nodes has told their pods, and how long it holds.
import { join } from 'node:path';
import { DOMAIN_NAMES_FILE, nodeStateFolder } from '../../embedded/cluster-files.ts';
import type { ClusterRecord } from '../../embedded/cluster-files.ts';
import { systemClock as clock } from '../../lang/clock.ts';
import { createLog } from '../../lang/log.ts';
import type { World } from '../../policy/model/world.ts';
import { openNamesFile } from '../../policy/names/names-file.ts';

/** What any of the nodes has told. A node writes it down half a second later. */
export const domainsAt = (
  { config }: Pick<ClusterRecord, 'config'>,
  nodes: readonly string[],
): World['domains'] => {
  const log = createLog('cli', 'error');
  const nowMs = clock.now();
  const domains = new Map<string, Set<string>>();
  for (const node of nodes) {
    const path = join(nodeStateFolder(config.name, node), DOMAIN_NAMES_FILE);
    for (const [name, untils] of openNamesFile({ path, clock, log }).read())
      for (const [address, untilMs] of untils)
        if (untilMs > nowMs) domains.set(name, (domains.get(name) ?? new Set()).add(address));
  }
  return domains;
};
