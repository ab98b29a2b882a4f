import type { Decision, Reason } from '@gatehouse/decisions';

/** A reason in words, for administrators. */
export function sayReason(reason: Reason): string {
  switch (reason.kind) {
    case 'role':
      return `role ${reason.role} holds ${reason.permission}`;
    case 'permission':
      return `the key holds ${reason.permission}`;
    case 'rule': {
      const rule = `rule ${reason.rule} of policy ${reason.policy}, version ${reason.version}`;
      if (reason.failed === true) return `${rule} could not be judged, and denies`;
      return `${rule} ${reason.effect === 'allow' ? 'allows' : 'denies'} it`;
    }
    case 'nothing_permits':
      return `no role holds ${reason.permission}, and no rule allows it`;
    case 'other_tenant':
      return 'the subject stands in another tenant';
    case 'too_large':
      return 'the request has more or longer attributes than rules may be asked about';
  }
}

export const sayReasons = ({ reasons }: Decision): string => reasons.map(sayReason).join('; ');
