/** Key strings of the default profile, made at run time: `kw_{env}_{id:12}_{secret:40}{check:6}`. */
import { randomInt } from 'node:crypto';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const ID_CHARS = 12;
const SECRET_CHARS = 40;
const CHECK_CHARS = 6;
const SHAPE = /^kw_[a-z0-9]+_[0-9A-Za-z]{12}_[0-9A-Za-z]{46}$/;

/** A string that has the right shape and that no server knows. */
export function testKey(environment = 'test'): string {
  const start = `kw_${environment}_${draw(ID_CHARS)}_${draw(SECRET_CHARS)}`;
  return start + checksum(start);
}

export function isWellFormed(unverified: string): boolean {
  return (
    SHAPE.test(unverified) &&
    unverified.slice(-CHECK_CHARS) === checksum(unverified.slice(0, -CHECK_CHARS))
  );
}

/** The CRC-32 (IEEE) in base62, padded to six characters. */
export function checksum(text: string): string {
  let crc = 0xffffffff;
  for (const byte of new TextEncoder().encode(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  let rest = (crc ^ 0xffffffff) >>> 0;
  let digits = '';
  for (let place = 0; place < CHECK_CHARS; place++) {
    digits = DIGITS.charAt(rest % 62) + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}

function draw(count: number): string {
  return Array.from({ length: count }, () => DIGITS.charAt(randomInt(62))).join('');
}
