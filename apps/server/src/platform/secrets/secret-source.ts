/** Where secrets are kept that are not in the environment or a file. Another manager is another one of these. */
export interface SecretSource {
  /** @throws {SecretSourceError} */
  read(reference: string): Promise<string>;
}

/** A secret cannot be had; the message is one sentence that says why and what to do, and shows no secret. */
export class SecretSourceError extends Error {}
