/** @jsxImportSource preact */
import { useEffect, useRef, useState } from 'preact/hooks';
import { type Strength, watchStrength } from '../password-strength.ts';
import { t } from './text.ts';

/** How strong the new password is, in a bar and in words, whenever its typing pauses. */
export function PasswordStrength({ password }: { password: string }) {
  const [strength, setStrength] = useState<Strength>();
  const element = useRef<HTMLDivElement>(null);
  const watch = useRef<ReturnType<typeof watchStrength>>(undefined);
  useEffect(() => {
    watch.current = watchStrength(setStrength);
    return () => watch.current?.stop();
  }, []);
  useEffect(() => watch.current?.typed(password, valuesAround(element.current)), [password]);

  return (
    <div class={`strength ${strength ?? ''}`} ref={element}>
      <span class="strength-bar" aria-hidden="true" />
      <p role="status">{strength && t(`strength.${strength}`)}</p>
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
