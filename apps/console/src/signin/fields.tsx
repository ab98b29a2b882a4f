/** @jsxImportSource preact */
import { useState } from 'preact/hooks';
import type { PasswordRules as Rules } from '@gatehouse/contracts';
import { PasswordRules } from './PasswordRules.tsx';
import { PasswordStrength } from './PasswordStrength.tsx';
import { t } from './text.ts';

interface FieldProps {
  readonly name: string;
  readonly label: string;
  readonly type?: 'text' | 'email';
  readonly autocomplete: string;
  readonly error: string | undefined;
  readonly hint?: string;
  readonly autofocus?: boolean;
  readonly value?: string;
  /** A code of digits: the keyboard for them. */
  readonly digits?: boolean;
  readonly onLeave?: (input: HTMLInputElement) => void;
}

const describedBy = (...ids: (string | false | undefined)[]): string | undefined =>
  ids.filter(Boolean).join(' ') || undefined;

export function Field({
  name,
  label,
  type = 'text',
  autocomplete,
  error,
  hint,
  autofocus,
  value,
  digits,
  onLeave,
}: FieldProps) {
  const kind = type === 'email' ? ({ type: 'email' } as const) : ({ type: 'text' } as const);
  return (
    <div class="field">
      <label for={name}>{label}</label>
      <input
        id={name}
        name={name}
        {...kind}
        autocomplete={autocomplete}
        autofocus={autofocus}
        autocapitalize={type === 'email' ? 'none' : undefined}
        inputMode={digits ? 'numeric' : undefined}
        class={digits ? 'digits' : undefined}
        spellcheck={false}
        defaultValue={value}
        onBlur={(event) => onLeave?.(event.currentTarget)}
        required
        aria-invalid={error ? 'true' : undefined}
        aria-describedby={describedBy(error && `${name}-error`, hint && `${name}-hint`)}
      />
      {hint && (
        <p class="hint" id={`${name}-hint`}>
          {hint}
        </p>
      )}
      <FieldError name={name} error={error} />
    </div>
  );
}

/** A choice that may be left. */
export function Check({ name, label }: { readonly name: string; readonly label: string }) {
  return (
    <div class="check">
      <input id={name} name={name} type="checkbox" />
      <label for={name}>{label}</label>
    </div>
  );
}

interface PasswordFieldProps {
  readonly label: string;
  /** A new password shows its rules; a current one does not, it was made under rules of its time. */
  readonly purpose: 'current-password' | 'new-password';
  readonly error: string | undefined;
  readonly autofocus?: boolean;
  /** Of a new password, where its tenant asks for more. */
  readonly rules?: Rules | undefined;
}

export function PasswordField({ label, purpose, error, autofocus, rules }: PasswordFieldProps) {
  const [shown, setShown] = useState(false);
  const [capsLock, setCapsLock] = useState(false);
  const [value, setValue] = useState('');
  const kind = shown ? ({ type: 'text' } as const) : ({ type: 'password' } as const);
  const isNew = purpose === 'new-password';
  const watchCapsLock = (event: KeyboardEvent): void => setCapsLock(event.getModifierState('CapsLock'));

  return (
    <div class="field">
      <label for="password">{label}</label>
      <div class="password">
        <input
          id="password"
          name="password"
          {...kind}
          autocomplete={purpose}
          autofocus={autofocus}
          autocapitalize="none"
          spellcheck={false}
          required
          onInput={(event) => setValue(event.currentTarget.value)}
          onKeyDown={watchCapsLock}
          onKeyUp={watchCapsLock}
          onBlur={() => setCapsLock(false)}
          aria-invalid={error ? 'true' : undefined}
          aria-describedby={describedBy(
            error && 'password-error',
            isNew && 'password-rules',
            'password-caps',
          )}
        />
        <button
          type="button"
          class="show"
          aria-pressed={shown}
          aria-label={t(shown ? 'field.hidePassword' : 'field.showPassword')}
          onClick={() => setShown(!shown)}
        >
          {t(shown ? 'field.hide' : 'field.show')}
        </button>
      </div>
      <p class="caps" id="password-caps" role="status">
        {capsLock && t('field.capsLock')}
      </p>
      <FieldError name="password" error={error} />
      {isNew && <PasswordStrength password={value} refused={error !== undefined} />}
      {isNew && <PasswordRules password={value} of={rules} />}
    </div>
  );
}

function FieldError({ name, error }: { name: string; error: string | undefined }) {
  return error ? (
    <p class="error" id={`${name}-error`}>
      {error}
    </p>
  ) : null;
}
