import type { Connection, Terms } from '../connection.js';
import { rows } from '../pages.js';
import type { Done, Effective, Page, PutResource, Resource } from '../wire.js';

/** The organization may be left out where the management key sees one only. */
export interface Whose {
  organization?: string;
}

export interface ResourcesQuery extends Whose {
  /** Only this path and what lies below it, by whole segments. */
  prefix?: string;
  /** Rows per page, at most 200. */
  limit?: number;
}

const ROUTE = '/v1/resources/{path}';

/** `/v1/resources`: what your product lets keys reach, so that people choose it by name. */
export class Resources {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Tells of a resource, or gives it another name. */
  put(
    path: string,
    fields: PutResource,
    { organization, ...terms }: Whose & Terms = {},
  ): Promise<Effective<Resource>> {
    return this.#connection.call({
      method: 'PUT',
      route: ROUTE,
      id: path,
      query: { organization },
      body: fields,
      terms,
      isRepeatable: terms.version === undefined,
    });
  }

  load(path: string, { organization }: Whose = {}): Promise<Resource> {
    return this.#connection.call({ method: 'GET', route: ROUTE, id: path, query: { organization } });
  }

  /** All of them, newest first; pages are loaded as they are needed. */
  list(query: ResourcesQuery = {}): AsyncGenerator<Resource, void, undefined> {
    return rows<Resource>((cursor): Promise<Page<Resource>> => {
      const all = { ...query, cursor };
      return this.#connection.call({ method: 'GET', route: '/v1/resources', query: all });
    });
  }

  /** Keys that reach its path reach it still. */
  remove(path: string, { organization, ...terms }: Whose & Terms = {}): Promise<Done> {
    const query = { organization };
    return this.#connection.call({ method: 'DELETE', route: ROUTE, id: path, query, terms });
  }
}
