// An API server with its state in a folder (or in memory), as a process that a test can kill. Runs until it is told to stop.
import { createApiServer } from '../../src/apiserver/api-server.ts';
import { systemClock } from '../../src/lang/clock.ts';
import { silentLog } from '../../src/lang/log.ts';
import { type TestServerKeys, testServerOptions } from './test-api-server.ts';
import { openTestState } from './test-state.ts';

type Start = { readonly folder: string | undefined; readonly keys: TestServerKeys };

process.once('message', ({ folder, keys }: Start) => {
  const state = folder === undefined ? undefined : openTestState(folder);
  const server = createApiServer({ ...testServerOptions(keys), state, clock: systemClock, log: silentLog });
  process.once('disconnect', () => process.exit(1));
  process.once('SIGTERM', () => {
    void server
      .close()
      .then(() => state?.close())
      .then(() => process.exit(0));
  });
  void server.listen([{ host: '127.0.0.1', port: 0 }]).then(([port]) => process.send!({ port }));
});
