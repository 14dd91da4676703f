// Ethernet addresses as text: `0a:58:0a:f4:00:05`.

export const macToBytes = (mac: string): Uint8Array =>
  Uint8Array.from(mac.split(':'), (part) => Number.parseInt(part, 16));

export const macFromBytes = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':');
