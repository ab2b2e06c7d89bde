import type { Connection, Terms } from '../connection.js';
import { rows } from '../pages.js';
import type { CreateMember, Done, EditMember, Effective, Member, Page } from '../wire.js';

/** `/v1/members`: people in an organization. */
export class Members {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  create(fields: CreateMember, terms: Terms = {}): Promise<Effective<Member>> {
    return this.#connection.call({ method: 'POST', route: '/v1/members', body: fields, terms });
  }

  load(id: string): Promise<Member> {
    return this.#connection.call({ method: 'GET', route: '/v1/members/{id}', id });
  }

  list(query: { organization?: string; limit?: number } = {}): AsyncGenerator<Member, void> {
    return rows<Member>((cursor): Promise<Page<Member>> => {
      const all = { ...query, cursor };
      return this.#connection.call({ method: 'GET', route: '/v1/members', query: all });
    });
  }

  /** The version that the change is for must be named. */
  update(id: string, edit: EditMember, terms: Terms & { version: number }): Promise<Effective<Member>> {
    const route = '/v1/members/{id}';
    return this.#connection.call({ method: 'PATCH', route, id, body: edit, terms });
  }

  remove(id: string, terms: Terms = {}): Promise<Done> {
    return this.#connection.call({ method: 'DELETE', route: '/v1/members/{id}', id, terms });
  }
}
