// How deeply a body may nest. Go's encoding/json stops at 10,000; here walks over an object call themselves for each level.
import { isDeeperThan } from '../../lang/depth.ts';
import { badRequest } from '../status-errors.ts';

/** The schema of a CustomResourceDefinition, the deepest of all objects, has some hundred levels. */
const LEVELS_MAX = 1000;
/** The least that a level takes, `[]` or two bytes of protobuf: what is shorter cannot nest too deeply. */
const LEVEL_BYTES = 2;

/** Returns the value that was read from so many bytes. Throws 400. Aliases of YAML may make it cyclic. */
export const withinLevels = <T>(value: T, bytes: number): T => {
  if (bytes <= LEVELS_MAX * LEVEL_BYTES) return value;
  if (isDeeperThan(LEVELS_MAX, value))
    throw badRequest(`the body nests more than ${LEVELS_MAX} levels deeply`);
  return value;
};
