/** @jsxImportSource preact */
import type { SignInProgress } from '@gatehouse/browser';
import { useEffect, useRef, useState } from 'preact/hooks';
import { answerWithPasskey, canOfferPasskeys, stopAsking } from '../passkeys.ts';
import { readFailure } from './failure.ts';
import { Form } from './Form.tsx';
import { Notice } from './Frame.tsx';
import { gatehouse } from './server.ts';
import { t } from './text.ts';

/** A challenge is good for five minutes. */
const RENEW = 240_000;

interface Props {
  readonly onProgress: (progress: SignInProgress) => void;
}

/** Signs in by a passkey alone: by a button, and where one types the address, as browsers offer it there. */
export function PasskeyForm({ onProgress }: Props) {
  const [failure, setFailure] = useState<string | null>(null);
  const offer = useOffer(onProgress, setFailure);
  async function send(): Promise<void> {
    setFailure(null);
    try {
      const options = await gatehouse.askForPasskey();
      onProgress(await gatehouse.signInByPasskey(await answerWithPasskey(options)));
    } catch (error) {
      // The button took the place of the offer.
      offer.current();
      throw error;
    }
  }
  return (
    <>
      {failure && <Notice kind="care">{failure}</Notice>}
      <Form submit={t('passkey.signIn')} submitting={t('passkey.waiting')} quiet send={send}>
        {() => null}
      </Form>
    </>
  );
}

function useOffer(onProgress: Props['onProgress'], onFailure: (message: string | null) => void) {
  const offer = useRef(() => {});
  const told = useRef({ onProgress, onFailure });
  told.current = { onProgress, onFailure };
  useEffect(() => {
    let isOver = false;
    async function offerOnce(): Promise<void> {
      if (document.visibilityState === 'hidden' || !(await canOfferPasskeys()) || isOver) return;
      // What was offered and not taken is nobody's failure.
      const answer = await gatehouse
        .askForPasskey()
        .then((options) => answerWithPasskey(options, { offered: true }))
        .catch(() => undefined);
      if (answer === undefined || isOver) return;
      try {
        told.current.onProgress(await gatehouse.signInByPasskey(answer));
      } catch (error) {
        told.current.onFailure(readFailure(error).message);
        offer.current();
      }
    }
    offer.current = () => void offerOnce();
    offer.current();
    const again = setInterval(() => offer.current(), RENEW);
    return () => {
      isOver = true;
      offer.current = () => {};
      clearInterval(again);
      stopAsking();
    };
  }, []);
  return offer;
}
