// node:http for those who need it after their start. To import it is to load Node's fetch as well, whose parts are among its
// exports: 15 ms and 9 MB. node:https and node:http2 do without.
import { lazy } from './lazy.ts';

export const nodeHttp = lazy(() => process.getBuiltinModule('node:http'));
