/** The types on the wire, by their own names. */
import type { components } from './generated/openapi.js';

type Schemas = components['schemas'];

export type VerifyAnswer = Schemas['VerifyAnswer'];
export type VerifyKey = Schemas['VerifyKey'];
/** What a key stands for. */
export type Principal = Schemas['Principal'];
export type Whoami = Schemas['Whoami'];
export type Grant = Schemas['Grant'];

export type Key = Schemas['Key'];
export type KeyStatus = Schemas['KeyStatus'];
export type CreateKey = Schemas['CreateKey'];
export type EditKey = Schemas['EditKey'];
export type RevokeKey = Schemas['RevokeKey'];
export type RotateKey = Schemas['RotateKey'];
export type IssuedKey = Schemas['IssuedKey'];
export type ChangedKey = Schemas['ChangedKey'];
export type RevokeBatch = Schemas['RevokeBatch'];
export type RevokedBatch = Schemas['RevokedBatch'];
export type ImportLine = Schemas['ImportLine'];
export type ImportRefusal = Schemas['ImportRefusal'];
export type ImportTotals = Schemas['ImportTotals'];
export type Usage = Schemas['Usage'];

export type Organization = Schemas['Organization'];
export type CreateOrganization = Schemas['CreateOrganization'];
export type EditOrganization = Schemas['EditOrganization'];
export type Project = Schemas['Project'];
export type CreateProject = Schemas['CreateProject'];
export type Member = Schemas['Member'];
export type CreateMember = Schemas['CreateMember'];
export type EditMember = Schemas['EditMember'];

export type Resource = Schemas['Resource'];
export type PutResource = Schemas['PutResource'];

export type FollowLine = Schemas['FollowLine'];
export type FollowedChange = Schemas['FollowedChange'];

export type Done = Schemas['Done'];
export type Problem = Schemas['Problem'];
export type FieldProblem = Schemas['FieldProblem'];

/** A change, and since when no server answers by the state before. */
export type Effective<T> = T & { effective_everywhere_at: string };

export interface Page<T> {
  data: T[];
  next_cursor?: string | null;
}
