const KEY_ID = /^[A-Za-z0-9_.-]{1,128}$/;

/** Whether a text follows the `key_id` grammar: 1–128 characters of `A-Z a-z 0-9 _ - .`. Contract §1.1. */
export const isKeyId = (text: string): boolean => typeof text === 'string' && KEY_ID.test(text);
