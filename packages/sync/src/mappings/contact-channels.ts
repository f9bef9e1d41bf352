import { mapping } from '../declare/mapping.ts';
import { contactChannel } from '../tables/contact-channel.ts';

export const contactChannels = mapping({
  name: 'contact_channels',
  description: 'All e-mail addresses of users.',
  table: contactChannel,
  columns: {
    id: { type: 'uuid', from: 'id' },
    user_id: { type: 'uuid', from: 'projectUserId', notNull: true },
    type: { type: 'text', from: 'type', notNull: true },
    value: { type: 'text', from: 'value', notNull: true },
    is_primary: { type: 'boolean', from: 'isPrimary', notNull: true },
    is_verified: { type: 'boolean', from: 'isVerified', notNull: true },
    used_for_auth: { type: 'boolean', from: 'usedForAuth', notNull: true },
    created_at: { type: 'timestamptz', from: 'createdAt', notNull: true },
  },
});
