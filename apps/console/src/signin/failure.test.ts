import { ProblemError } from '@gatehouse/browser';
import { expect, it } from 'vitest';
import { readFailure } from './failure.ts';

const told = (fields: string[], errors: { path: string; message: string }[], code = 'request.invalid') => {
  const problem = { type: 'about:blank', title: 'That is not valid', status: 400, code, errors };
  const failure = readFailure(new ProblemError(problem, null), (field) => fields.includes(field));
  return [failure.message, Object.keys(failure.fields)];
};
const errors = [
  { path: '/email', message: 'must be an address' },
  { path: '/token', message: 'must match a pattern' },
];

it('tells at its field what is wrong with it, and by the message what is on no field of the page', () => {
  expect(told(['email', 'password'], errors)).toEqual([null, ['email']]);
  expect(told(['password'], errors)).toEqual(['That did not work: That is not valid', []]);
  expect(told(['password'], [], 'password.too_weak')).toEqual([null, ['password']]);
  expect(told(['code'], [], 'auth.mail_code_wrong')).toEqual([null, ['code']]);
  const [message, fields] = told(['email'], [], 'password.too_weak');
  expect([typeof message, fields]).toEqual(['string', []]);
});

it('asks for another backup code where one was wrong, and not for what an app shows', () => {
  const problem = { type: 'about:blank', title: 'Wrong', status: 401, code: 'auth.mfa_failed' };
  const { fields } = readFailure(new ProblemError(problem, null), (field) => field === 'backup_code');
  expect(fields.backup_code).toContain('take another one');
});
