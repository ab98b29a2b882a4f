import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Strength, watchStrength } from '../../password-strength.ts';

/** How strong the new password is, in a bar and in words, whenever its typing pauses. */
export function PasswordStrength({ password, holder }: { password: string; holder: readonly string[] }) {
  const { t } = useTranslation();
  const [strength, setStrength] = useState<Strength>();
  const watch = useRef<ReturnType<typeof watchStrength>>(undefined);
  useEffect(() => {
    watch.current = watchStrength(setStrength);
    return () => watch.current?.stop();
  }, []);
  useEffect(() => watch.current?.typed(password, holder), [password, holder]);

  return (
    <div className={`strength ${strength ?? ''}`}>
      <span className="strength-bar" aria-hidden="true" />
      <p role="status">{strength && t(`form.strength.${strength}`)}</p>
    </div>
  );
}
