/** @jsxImportSource preact */
import { useEffect, useRef, useState } from 'preact/hooks';
import { type Strength, watchStrength } from '../password-strength.ts';
import { t } from './text.ts';

/** How strong the new password is, in a bar and in words, whenever its typing pauses. */
export function PasswordStrength({ password, refused }: { password: string; refused: boolean }) {
  const [strength, setStrength] = useState<Strength>();
  /** What was last sent: of what was just refused it is not said that it is strong. */
  const [sent, setSent] = useState<string>();
  const element = useRef<HTMLDivElement>(null);
  const watch = useRef<ReturnType<typeof watchStrength>>(undefined);
  useEffect(() => {
    watch.current = watchStrength(setStrength);
    return () => watch.current?.stop();
  }, []);
  useEffect(() => watch.current?.typed(password, valuesAround(element.current)), [password]);

  useEffect(() => {
    const form = element.current?.closest('form');
    const keep = (): void => setSent(password);
    form?.addEventListener('submit', keep);
    return () => form?.removeEventListener('submit', keep);
  }, [password]);
  const shown = refused && password === sent ? undefined : strength;

  return (
    <div class={`strength ${shown ?? ''}`} ref={element}>
      <span class="strength-bar" aria-hidden="true" />
      <p role="status">{shown && t(`strength.${shown}`)}</p>
    </div>
  );
}

/** What else stands in the form, a name or an address: none of it makes a password harder to guess. */
function valuesAround(element: HTMLElement | null): string[] {
  const form = element?.closest('form');
  return [...(form?.elements ?? [])].flatMap((it) =>
    it instanceof HTMLInputElement && it.name !== 'password' && it.value ? [it.value] : [],
  );
}
