import { expect, test } from 'vitest';
import { errorOfRow, resultTracebackText } from '../../../../src/systems/rq/errors';

const frame = 'Traceback (most recent call last):\n  File "shop/mail.py", line 5, in send\n    deliver(letter)\n';

test.each([
  ['one line', `${frame}ValueError: no address\n`, 'ValueError', 'no address'],
  ['carets under the source', `${frame}    ~~~~~~~^^^^^^^^\nshop.errors.Lost: gone\n`, 'shop.errors.Lost', 'gone'],
  ['no message', `${frame}KeyboardInterrupt`, 'KeyboardInterrupt', ''],
  [
    'a message that ends like another exception',
    `${frame}ValueError: no address\n    in the letter\nKeyError: 'to'\n`,
    'ValueError',
    'no address',
  ],
])('the exception of a row: %s', (_what, text, type, message) => {
  expect(errorOfRow(text)).toEqual({ type, message });
});

test('what is no base64 is not decoded to something else', () => {
  expect(resultTracebackText(Buffer.from('!!no base64!!'))).toBe('[The traceback could not be read: it is no base64.]');
  expect(resultTracebackText(Buffer.from(Buffer.from(frame).toString('base64')))).toBe(frame);
});
