// Keys that come from outside may be `constructor`: a plain look-up would find what every object inherits.

/** The value that the object itself has under `key`. */
export const ownValue = <T>(object: Readonly<Record<string, T>> | undefined, key: string): T | undefined =>
  object && Object.hasOwn(object, key) ? object[key] : undefined;
