import type { Connection, Terms } from '../connection.js';
import { rows } from '../pages.js';
import type {
  ChangedKey,
  CreateKey,
  Done,
  EditKey,
  ImportLine,
  ImportRefusal,
  ImportTotals,
  IssuedKey,
  Key,
  KeyStatus,
  Page,
  RevokeBatch,
  RevokedBatch,
  RevokeKey,
  RotateKey,
  Usage,
} from '../wire.js';
import { importLines } from './import.js';

export interface KeysQuery {
  organization?: string;
  project?: string;
  environment?: string;
  status?: KeyStatus;
  owner?: string;
  managed_by?: string;
  /** An exact id, display prefix or suffix, or the beginning of the name. */
  q?: string;
  include_revoked?: boolean;
  include?: 'usage';
  /** Rows per page, at most 200. */
  limit?: number;
}

/** `/v1/keys`. A change is in force everywhere when its promise is kept. */
export class Keys {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The answer holds the secret, this once. */
  create(key: CreateKey, terms: Terms = {}): Promise<IssuedKey> {
    return this.#connection.call({ method: 'POST', route: '/v1/keys', body: key, terms });
  }

  load(id: string): Promise<Key> {
    return this.#connection.call({ method: 'GET', route: '/v1/keys/{id}', id });
  }

  /** All of them, newest first; pages are loaded as they are needed. */
  list(query: KeysQuery = {}): AsyncGenerator<Key, void, undefined> {
    return rows((cursor) => this.listPage(query, cursor));
  }

  listPage(query: KeysQuery = {}, cursor?: string): Promise<Page<Key>> {
    const all = { ...query, cursor };
    return this.#connection.call({ method: 'GET', route: '/v1/keys', query: all });
  }

  loadUsage(id: string, from?: string): Promise<Usage> {
    return this.#connection.call({ method: 'GET', route: '/v1/keys/{id}/usage', id, query: { from } });
  }

  /** What is absent stays, null takes away. */
  update(id: string, edit: EditKey, terms: Terms = {}): Promise<ChangedKey> {
    return this.#connection.call({ method: 'PATCH', route: '/v1/keys/{id}', id, body: edit, terms });
  }

  /** The answer holds the successor and its secret. */
  rotate(id: string, rotate: RotateKey = {}, terms: Terms = {}): Promise<IssuedKey> {
    const route = '/v1/keys/{id}/rotate';
    return this.#connection.call({ method: 'POST', route, id, body: rotate, terms });
  }

  /** For good. Revoking again is no error. */
  revoke(id: string, revoke: RevokeKey = {}, terms: Terms = {}): Promise<ChangedKey> {
    const route = '/v1/keys/{id}/revoke';
    return this.#connection.call({
      method: 'POST',
      route,
      id,
      body: revoke,
      terms,
      isRepeatable: true,
    });
  }

  /** Everything that matches a filter, or whatever leaked. */
  revokeBatch(batch: RevokeBatch, terms: Terms = {}): Promise<RevokedBatch> {
    const route = '/v1/keys/revoke-batch';
    return this.#connection.call({ method: 'POST', route, body: batch, terms, isRepeatable: true });
  }

  deactivate(id: string, terms: Terms = {}): Promise<ChangedKey> {
    return this.#connection.call({ method: 'POST', route: '/v1/keys/{id}/deactivate', id, terms });
  }

  activate(id: string, terms: Terms = {}): Promise<ChangedKey> {
    return this.#connection.call({ method: 'POST', route: '/v1/keys/{id}/activate', id, terms });
  }

  /** Gone from lists; the audit log still knows it. */
  delete(id: string, terms: Terms = {}): Promise<Done> {
    return this.#connection.call({ method: 'DELETE', route: '/v1/keys/{id}', id, terms });
  }

  /** Brings in keys that exist elsewhere, by their digests; both ways a stream. */
  import(
    lines: AsyncIterable<ImportLine> | Iterable<ImportLine>,
  ): AsyncGenerator<ImportRefusal, ImportTotals, undefined> {
    return importLines(this.#connection, lines);
  }
}
