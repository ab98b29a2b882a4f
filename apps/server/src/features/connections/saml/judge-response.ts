import { checkStructure } from './response-structure.ts';
import { readAssertion, type SignedAssertion } from './read-assertion.ts';
import { type Parties, samlLibrary } from './saml-library.ts';
import { SamlFault, type SamlReason } from './saml-fault.ts';
import { checkText, parse } from './xml.ts';

/** Groups of a large organisation are some hundred elements. */
const MOST_ELEMENTS = 3000;

/**
 * What a response proves: of whom it is, by bytes that the provider has signed (SAML Profiles §4.1.4).
 *
 * The form is judged first, so that each reader sees the same document; then the library verifies signature, audience, times and
 * request; then the signed bytes alone are parsed again and read.
 *
 * @throws {SamlFault}
 */
export async function judgeResponse(
  parties: Parties,
  { response, requestId, now }: { response: string; requestId: string; now: number },
): Promise<SignedAssertion> {
  const text = checkText(decode(response), MOST_ELEMENTS);
  const { responseId } = checkStructure(parse(text), parties, requestId);
  const signed = await verify(parties, requestId, text);
  return readAssertion(parse(signed), parties, { requestId, responseId, now });
}

function decode(response: string): string {
  const base64 = response.replaceAll(/[\r\n]/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) throw new SamlFault('xml', 'it is not base64');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(base64, 'base64'));
  } catch {
    throw new SamlFault('xml', 'it is not UTF-8');
  }
}

async function verify(parties: Parties, requestId: string, text: string): Promise<string> {
  const SAMLResponse = Buffer.from(text).toString('base64');
  try {
    const { profile } = await samlLibrary(parties, requestId).validatePostResponseAsync({ SAMLResponse });
    const signed = profile?.getAssertionXml?.();
    if (signed === undefined) throw new SamlFault('structure', 'it holds no assertion');
    return signed;
  } catch (error) {
    if (error instanceof SamlFault) throw error;
    // Where something is missing, the library may fall over it: that refuses, too, and says nothing.
    const isTold = error instanceof Error && !(error instanceof TypeError);
    const message = isTold ? error.message : 'it lacks what it should have';
    // The library has messages and no codes; what is not known here is told by its message alone.
    const reason = TOLD.find(([pattern]) => pattern.test(message))?.[1] ?? 'structure';
    throw new SamlFault(reason, message);
  }
}

const TOLD: readonly [RegExp, SamlReason][] = [
  [/InResponseTo/i, 'in_response_to'],
  [/audience/i, 'audience'],
  [/expired|not yet valid|too old|NotOnOrAfter|NotBefore|subject confirmation/i, 'time'],
  [/signature|algorithm|digest/i, 'signature'],
];
