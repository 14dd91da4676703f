// A state folder as the control plane opens it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { silentLog } from '../../src/lang/log.ts';
import { type OpenOptions, type State, createState, openState } from '../../src/state/state.ts';

/** Makes the state if the folder has none. */
export const openTestState = (folder: string, options: Pick<OpenOptions, 'flush'> = {}): State => {
  if (!existsSync(join(folder, 'state.db'))) createState(folder, 'test');
  return openState({ folder, log: silentLog, ...options });
};
