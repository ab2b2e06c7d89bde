/**
 * Finds the one key that a request carries, exactly as the server does (both are held against
 * tests/vectors/credentials.json). Two are refused before anything is looked up: two readers of the
 * request could take it for two callers.
 */
export type Headers = readonly (readonly [name: string, value: string])[];

/** `bearer`, or `header:` and a name. */
export type Carrier = 'bearer' | `header:${string}`;

export const CARRIERS: readonly Carrier[] = ['bearer', 'header:X-API-Key'];

export type Found =
  | { readonly secret: string }
  | { readonly code: 'api_key_missing' | 'duplicate_credentials' };

export function findCredential(headers: Headers, carriers: readonly Carrier[]): Found {
  const names = carriers.map((carrier) =>
    carrier === 'bearer' ? 'authorization' : carrier.slice('header:'.length).toLowerCase(),
  );
  const carried = headers.filter(([name]) => names.includes(name.toLowerCase()));
  if (carried.length > 1) {
    return { code: 'duplicate_credentials' };
  }
  const [header] = carried;
  if (header === undefined) {
    return { code: 'api_key_missing' };
  }
  const [name, value] = header;
  const secret = name.toLowerCase() === 'authorization' ? bearerToken(value) : value.trim();
  // Something that cannot be a key is the same as none.
  return secret ? { secret } : { code: 'api_key_missing' };
}

/** The token of `Bearer TOKEN`: the scheme in any case, one or more spaces, a token68. */
function bearerToken(value: string): string | undefined {
  return /^bearer +([A-Za-z0-9\-._~+/=]+) *$/i.exec(value)?.[1];
}

/** Name and value of each header as it was sent; other views of Node drop or join repeated ones. */
export function pairs(rawHeaders: readonly string[]): Headers {
  return rawHeaders.flatMap((name, place) =>
    place % 2 === 0 ? [[name, rawHeaders[place + 1] ?? ''] as const] : [],
  );
}
