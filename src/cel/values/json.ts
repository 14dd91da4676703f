// A value as JSON: what an expression has made for an object (cel-go's conversion to structpb.Value).
import { formatDuration, formatTimestamp } from './time.ts';
import { CelError, Duration, Timestamp, Uint, elementsOf, isList, isMap, typeNameOf } from './value.ts';
import type { CelMap, Value } from './value.ts';

/** More than any object holds. A value may hold another many times over, and each is written out. */
const PARTS_MAX = 200_000;

/** Throws CelError for what JSON cannot say, and for more than an object can hold. */
export const jsonOf = (value: Value): unknown => new Writer().json(value);

class Writer {
  #left = PARTS_MAX;

  json(value: Value): unknown {
    if (--this.#left < 0) throw new CelError(`the value has more than ${PARTS_MAX} parts`);
    if (typeof value === 'bigint') return Number(value);
    if (typeof value !== 'object' || value === null) return value;
    if (value instanceof Uint) return Number(value.value);
    if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
    if (value instanceof Timestamp) return formatTimestamp(value);
    if (value instanceof Duration) return formatDuration(value);
    if (isList(value)) return elementsOf(value).map((each) => this.json(each));
    if (isMap(value)) return this.#object(value);
    throw new CelError(`type ${typeNameOf(value)} has no JSON`);
  }

  #object(map: CelMap): object {
    const entries = map.keys().map((key) => {
      if (typeof key !== 'string') throw new CelError(`map key ${String(key)} is not a string`);
      return [key, this.json(map.find(key)!)] as const;
    });
    return Object.fromEntries(entries);
  }
}
