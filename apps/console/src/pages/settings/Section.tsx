import type { SettingsChange, TenantSettingsAnswer } from '@gatehouse/contracts';
import { ProblemError } from '@gatehouse/browser';
import { Alert, Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { sayProblem } from '../../data/problem.ts';
import { useChangeSettings } from '../../data/settings/mutations.ts';

export interface SectionProps {
  readonly now: TenantSettingsAnswer;
  /** The person may look and not change. */
  readonly locked: boolean;
  /** Throws away what was typed, and shows what has been saved meanwhile. */
  readonly readAgain: () => void;
}

interface Props extends SectionProps {
  readonly name: string;
  /** What to save; undefined where the form has faults of its own, which it shows itself. */
  readonly collect: () => SettingsChange | undefined;
  readonly children: ReactNode;
}

/** A card with a form of its own, saved for itself: what is typed elsewhere on the page stays. */
export function Section({ name, now, locked, readAgain, collect, children }: Props) {
  const { t } = useTranslation();
  const change = useChangeSettings(now);
  const fields = useRef<HTMLFieldSetElement>(null);
  const [refusals, setRefusals] = useState(0);
  useEffect(() => {
    // On a phone the fault may be far above the button.
    if (refusals > 0) fields.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [refusals]);
  const submit = (): void => {
    const settings = collect();
    if (settings === undefined) return setRefusals((count) => count + 1);
    change.mutate(settings, {
      onSuccess: () => notifications.show({ message: t('settings.saved') }),
    });
  };
  const changedElsewhere = change.error instanceof ProblemError && change.error.code === 'settings.changed';
  return (
    <section className="card settings" aria-labelledby={name}>
      <h2 id={name}>{t(`settings.${name}.title`)}</h2>
      <p className="soft">{t(`settings.${name}.lead`)}</p>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        {change.error && (
          <Alert color="brick" role="alert">
            {sayProblem(change.error)}{' '}
            {changedElsewhere && (
              <button type="button" className="link" onClick={readAgain}>
                {t('settings.readAgain')}
              </button>
            )}
          </Alert>
        )}
        <fieldset ref={fields} disabled={locked}>
          {children}
        </fieldset>
        {!locked && (
          <div className="form-end">
            <Button type="submit" loading={change.isPending}>
              {t('form.save')}
            </Button>
          </div>
        )}
      </form>
    </section>
  );
}
