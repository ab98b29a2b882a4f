import { judgeResponse } from './judge-response.ts';
import { readProviderMetadata, type ProviderMetadata } from './provider-metadata.ts';
import type { SignedAssertion } from './read-assertion.ts';
import { type Parties, samlLibrary } from './saml-library.ts';
import { SamlFault, type SamlReason } from './saml-fault.ts';

/** What is asked of the thread; XML is written and read nowhere else. */
export type SamlTask =
  | { kind: 'request'; parties: Parties; requestId: string; relayState: string; anew: boolean }
  | { kind: 'response'; parties: Parties; requestId: string; response: string; now: number }
  | { kind: 'service-metadata'; parties: Parties; metadataId: string }
  | { kind: 'provider-metadata'; xml: string };
/** Answers by the kind of task. */
export interface SamlAnswers {
  request: string;
  response: SignedAssertion;
  'service-metadata': string;
  'provider-metadata': ProviderMetadata;
}
/** Errors lose their class on the way out of a thread, so faults go as values. */
export type SamlAnswer =
  | { answer: SamlAnswers[keyof SamlAnswers] }
  | { fault: { reason: SamlReason; message: string } };

export default async function work(task: SamlTask): Promise<SamlAnswer> {
  try {
    return { answer: await run(task) };
  } catch (error) {
    if (error instanceof SamlFault) return { fault: { reason: error.reason, message: error.message } };
    // The parser may run out of stack on what is nested without end.
    if (error instanceof RangeError) return { fault: { reason: 'xml', message: 'it is nested too deep' } };
    throw error;
  }
}

async function run(task: SamlTask): Promise<SamlAnswers[keyof SamlAnswers]> {
  switch (task.kind) {
    case 'request':
      return samlLibrary(task.parties, task.requestId, { anew: task.anew }).getAuthorizeUrlAsync(
        task.relayState,
        undefined,
        {},
      );
    case 'response':
      return judgeResponse(task.parties, task);
    case 'service-metadata':
      return samlLibrary(task.parties, task.metadataId).generateServiceProviderMetadata(
        null,
        task.parties.signing?.certificate ?? null,
      );
    case 'provider-metadata':
      return readProviderMetadata(task.xml);
  }
}
