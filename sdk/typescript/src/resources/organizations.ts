import type { Connection, Terms } from '../connection.js';
import { rows } from '../pages.js';
import type {
  CreateOrganization,
  EditOrganization,
  Effective,
  Organization,
  Page,
} from '../wire.js';

/** `/v1/organizations`: who everything belongs to. */
export class Organizations {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  create(fields: CreateOrganization, terms: Terms = {}): Promise<Effective<Organization>> {
    const route = '/v1/organizations';
    return this.#connection.call({ method: 'POST', route, body: fields, terms });
  }

  load(id: string): Promise<Organization> {
    return this.#connection.call({ method: 'GET', route: '/v1/organizations/{id}', id });
  }

  list(query: { limit?: number } = {}): AsyncGenerator<Organization, void, undefined> {
    return rows<Organization>((cursor): Promise<Page<Organization>> => {
      const all = { ...query, cursor };
      return this.#connection.call({ method: 'GET', route: '/v1/organizations', query: all });
    });
  }

  update(id: string, edit: EditOrganization, terms: Terms = {}): Promise<Effective<Organization>> {
    const route = '/v1/organizations/{id}';
    return this.#connection.call({ method: 'PATCH', route, id, body: edit, terms });
  }

  /** None of its keys works from now on. */
  suspend(id: string, terms: Terms = {}): Promise<Effective<Organization>> {
    const route = '/v1/organizations/{id}/suspend';
    return this.#connection.call({ method: 'POST', route, id, terms });
  }

  resume(id: string, terms: Terms = {}): Promise<Effective<Organization>> {
    const route = '/v1/organizations/{id}/resume';
    return this.#connection.call({ method: 'POST', route, id, terms });
  }
}
