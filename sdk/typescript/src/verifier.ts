import { refusal, Unreachable } from './errors.js';
import type { Principal, VerifyAnswer, VerifyKey } from './wire.js';

/** What is asked about a key besides whether it works. Absent parts ask nothing. */
export type Question = Omit<VerifyKey, 'secret'>;

/** Whoever can say whether a key is let through: `Keyway`, and `MockKeyway` in tests. */
export interface Verifier {
  /** Gives what the key stands for, or throws; there is no result that could be forgotten. */
  verify(secret: string, question?: Question): Promise<Principal>;
}

/** What the key stands for, or the reason why it is refused as an error. */
export function principalOf(answer: VerifyAnswer): Principal {
  if (answer.valid === true && answer.key) {
    return answer.key;
  }
  if (answer.valid === false && typeof answer.code === 'string') {
    throw refusal(answer);
  }
  // Whatever this is, it is neither yes nor no.
  throw new Unreachable("an answer came that is not one of Keyway's");
}
