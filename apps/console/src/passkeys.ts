import {
  browserSupportsWebAuthn,
  browserSupportsWebAuthnAutofill,
  startAuthentication,
  startRegistration,
  WebAuthnAbortService,
} from '@simplewebauthn/browser';

/** Why there is no answer of a passkey; the words for it are each page's own. */
export class PasskeyError extends Error {
  readonly reason: 'cancelled' | 'held' | 'unusable';
  constructor(reason: PasskeyError['reason']) {
    super(reason);
    this.name = 'PasskeyError';
    this.reason = reason;
  }
}

/** An address by number has no passkeys. */
const NUMBER = /^\[|^\d+(?:\.\d+){3}$/;

export const canUsePasskeys = (): boolean =>
  window.isSecureContext && !NUMBER.test(location.hostname) && browserSupportsWebAuthn();

/** Whether passkeys can be offered where one types the address. */
export const canOfferPasskeys = async (): Promise<boolean> =>
  canUsePasskeys() && (await browserSupportsWebAuthnAutofill());

// The library spells extensions, which nobody asks for here, otherwise than the DOM does.
type RequestOptions = Parameters<typeof startAuthentication>[0]['optionsJSON'];
type CreationOptions = Parameters<typeof startRegistration>[0]['optionsJSON'];

/** @throws PasskeyError */
export function answerWithPasskey(
  options: PublicKeyCredentialRequestOptionsJSON,
  { offered = false } = {},
): Promise<AuthenticationResponseJSON> {
  const asked: unknown = options;
  return told(startAuthentication({ optionsJSON: asked as RequestOptions, useBrowserAutofill: offered }));
}

/** @throws PasskeyError */
export function makePasskey(
  options: PublicKeyCredentialCreationOptionsJSON,
): Promise<RegistrationResponseJSON> {
  const asked: unknown = options;
  return told(startRegistration({ optionsJSON: asked as CreationOptions }));
}

/** Ends what a browser is asked at this moment; whoever waits for it is told `cancelled`. */
export const stopAsking = (): void => WebAuthnAbortService.cancelCeremony();

async function told<Answer>(answer: Promise<unknown>): Promise<Answer> {
  try {
    return (await answer) as Answer;
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    // Browsers do not tell whether somebody declined or had none.
    if (name === 'NotAllowedError' || name === 'AbortError') throw new PasskeyError('cancelled');
    throw new PasskeyError(name === 'InvalidStateError' ? 'held' : 'unusable');
  }
}
