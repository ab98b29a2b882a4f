/** @jsxImportSource preact */
import { DEFAULT_PASSWORD_RULES, type PasswordRules, unmetPasswordRules } from '@gatehouse/contracts';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { type Failure, noFailure, readFailure } from './failure.ts';
import { t } from './text.ts';
import { Wait } from './Wait.tsx';

type Values = Readonly<Record<string, string>>;

interface FormProps {
  readonly submit: string;
  readonly submitting: string;
  /** The form sets a new password: its rules are checked before anything is sent. */
  readonly setsPassword?: boolean;
  readonly rules?: PasswordRules | undefined;
  /** One of several ways, and not the first. */
  readonly quiet?: boolean;
  /** Looks at what was typed before anything is checked or sent. False: the form shows something else now. */
  readonly look?: (values: Values) => Promise<boolean>;
  readonly send: (values: Values) => Promise<void>;
  readonly children: (failure: Failure) => ComponentChildren;
}

/** A form that says what went wrong beside the field, moves the focus there, and waits when it was told to wait. */
export function Form({
  submit,
  submitting,
  setsPassword = false,
  rules,
  quiet = false,
  look,
  send,
  children,
}: FormProps) {
  const [failure, setFailure] = useState(noFailure);
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const waiting = failure.retryAt !== null;

  useEffect(() => {
    if (failure === noFailure || !form.current) return;
    const target = form.current.querySelector<HTMLElement>('[aria-invalid="true"]');
    (target ?? form.current.querySelector<HTMLElement>('.failure'))?.focus();
  }, [failure]);

  async function onSubmit(event: Event): Promise<void> {
    event.preventDefault();
    const shown = form.current;
    if (busy || waiting || !shown) return;
    const values = readValues(shown);
    setBusy(true);
    try {
      if (look && !(await look(values))) return setFailure(noFailure);
      const fields = checkValues(shown, values, setsPassword ? (rules ?? DEFAULT_PASSWORD_RULES) : null);
      if (Object.keys(fields).length > 0) return setFailure({ ...noFailure, fields });
      await send(values);
      setFailure(noFailure);
    } catch (error) {
      setFailure(readFailure(error, (field) => shown.elements.namedItem(field) !== null));
    } finally {
      setBusy(false);
    }
  }

  return (
    <form ref={form} noValidate onSubmit={(event) => void onSubmit(event)} aria-busy={busy}>
      <div role="alert">
        {failure.message && (
          <div class="failure" tabIndex={-1}>
            <p>{failure.message}</p>
            {failure.correlationId && <p>{t('problem.correlation', { id: failure.correlationId })}</p>}
          </div>
        )}
      </div>
      {failure.retryAt !== null && (
        <Wait
          until={failure.retryAt}
          onOver={() => setFailure({ ...failure, retryAt: null, message: null })}
        />
      )}
      {children(failure)}
      <button type="submit" class={quiet ? 'button' : 'button primary'} aria-disabled={busy || waiting}>
        <span class={busy ? 'spinner' : 'spinner idle'} aria-hidden="true" />
        {busy ? submitting : submit}
      </button>
      <p class="unseen" role="status">
        {busy ? submitting : ''}
      </p>
    </form>
  );
}

/** What was typed, by the names of the fields that take something. */
export function readValues(form: HTMLFormElement): Values {
  const values: Record<string, string> = {};
  for (const [name, value] of new FormData(form)) {
    // A password is taken as typed; around everything else spaces come from pasting.
    if (typeof value === 'string') values[name] = name === 'password' ? value : value.trim();
  }
  return values;
}

function checkValues(form: HTMLFormElement, values: Values, rules: PasswordRules | null): Values {
  const faults: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    const label = form.querySelector(`label[for="${name}"]`)?.textContent ?? name;
    if (!value) faults[name] = t('problem.required', { field: label });
    else if (name === 'email' && !/^[^\s@]+@[^\s@]+$/.test(value)) faults[name] = t('problem.emailForm');
  }
  if (rules && values.password) {
    const unmet = unmetPasswordRules(values.password, rules);
    if (unmet.length > 0)
      faults.password = t(`problem.password.${unmet.includes('bytes') ? 'too_long' : 'too_weak'}`);
  }
  return faults;
}
