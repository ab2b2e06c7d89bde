import type { Connection, Terms } from '../connection.js';
import { rows } from '../pages.js';
import type { CreateProject, Effective, Page, Project } from '../wire.js';

/** `/v1/projects`: parts of an organization. */
export class Projects {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  create(fields: CreateProject, terms: Terms = {}): Promise<Effective<Project>> {
    return this.#connection.call({ method: 'POST', route: '/v1/projects', body: fields, terms });
  }

  list(query: { organization?: string; limit?: number } = {}): AsyncGenerator<Project, void> {
    return rows<Project>((cursor): Promise<Page<Project>> => {
      const all = { ...query, cursor };
      return this.#connection.call({ method: 'GET', route: '/v1/projects', query: all });
    });
  }
}
