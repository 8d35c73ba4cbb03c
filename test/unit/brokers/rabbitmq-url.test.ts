import { describe, expect, test } from 'vitest';
import { splitManagementUrl } from '../../../src/brokers/rabbitmq';
import {
  formatRabbitUrl,
  isRabbitUrl,
  parseRabbitUrl,
  showRabbitAddress,
  splitRabbitUrl,
} from '../../../src/brokers/rabbitmq/url';
import { InspectorError } from '../../../src/model';

describe('the URL of a RabbitMQ', () => {
  test.each([
    ['amqp://localhost', 'amqp://localhost:5672/%2F', null, 'localhost:5672'],
    ['amqp://localhost/', 'amqp://localhost:5672/%2F', null, 'localhost:5672'],
    ['amqp://guest:guest@rabbit:5672//', 'amqp://guest@rabbit:5672/%2F', 'guest', 'rabbit:5672'],
    ['amqp://localhost/%2F', 'amqp://localhost:5672/%2F', null, 'localhost:5672'],
    ['amqp://localhost/%2f%2f', 'amqp://localhost:5672/%2F%2F', null, 'localhost:5672///'],
    ['amqp://localhost/shop', 'amqp://localhost:5672/shop', null, 'localhost:5672/shop'],
    ['amqp://localhost/a%20b', 'amqp://localhost:5672/a%20b', null, 'localhost:5672/a b'],
    ['pyamqp://u:p@h//', 'amqp://u@h:5672/%2F', 'p', 'h:5672'],
    ['amqps://u:p@h/v', 'amqps://u@h:5671/v', 'p', 'h:5671/v'],
    [
      'amqps://h/v?verify=verify_none&heartbeat=30',
      'amqps://h:5671/v?verify=verify_none&heartbeat=30',
      null,
      'h:5671/v',
    ],
    ['amqp://u:p@a,b:5673/v', 'amqp://u@a:5672,b:5673/v', 'p', 'a:5672/v'],
    ['amqp://u:p@a/v;amqp://u:p@b:5673/v', 'amqp://u@a:5672,b:5673/v', 'p', 'a:5672/v'],
    ['amqp://u:p@[::1]:5673/v', 'amqp://u@[::1]:5673/v', 'p', '[::1]:5673/v'],
    ['CELERY_BROKER_URL="amqp://u:p%40ss@h/v"', 'amqp://u@h:5672/v', 'p@ss', 'h:5672/v'],
    ['amqp://u:a@b/c#d?e@h:5672/v', 'amqp://u@h:5672/v', 'a@b/c#d?e', 'h:5672/v'],
    ['amqp://u%20x:p@h/v', 'amqp://u%20x@h:5672/v', 'p', 'h:5672/v'],
  ])('%s', (given, url, password, shown) => {
    expect(isRabbitUrl(given)).toBe(true);
    expect(splitRabbitUrl(given)).toEqual({ url, password });
    const { address } = parseRabbitUrl(given);
    expect(showRabbitAddress(address)).toBe(shown);
    // What is kept leads to the same place.
    expect(parseRabbitUrl(formatRabbitUrl(address))).toEqual({ address, password: null });
  });

  test.each(['redis://h/0', 'http://h', 'h:5672', ''])('%s is none', given => {
    expect(isRabbitUrl(given)).toBe(false);
    expect(() => parseRabbitUrl(given)).toThrow(InspectorError);
  });

  test.each(['amqp://u:s3cret@h:0x10/v', 'amqp://u:s3cret@:5672/v', 'amqp://u:s3cret@h:99999/', 'amqp://u:s3cret'])(
    'what is wrong with %s is said without its password',
    given => {
      let thrown: unknown;
      try {
        parseRabbitUrl(given);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(InspectorError);
      expect(thrown).toMatchObject({ code: 'bad-value' });
      expect(JSON.stringify(thrown)).not.toContain('s3cret');
    },
  );
});

describe('the URL of a management API', () => {
  test('is taken apart', () => {
    expect(splitManagementUrl('http://localhost:15672')).toEqual({
      url: 'http://localhost:15672',
      user: null,
      password: null,
    });
    expect(splitManagementUrl(' https://mon%40x:p%2Fw@h.example/rabbit/api/ ')).toEqual({
      url: 'https://h.example/rabbit',
      user: 'mon@x',
      password: 'p/w',
    });
    expect(splitManagementUrl('http://h:15672/#/queues')).toMatchObject({ url: 'http://h:15672' });
  });

  test.each(['localhost:15672', 'ftp://h', 'amqp://u:s3cret@h', ''])('%s is none', given => {
    expect(() => splitManagementUrl(given)).toThrow(/no URL of a management API/);
    expect(() => splitManagementUrl(given)).not.toThrow(/s3cret/);
  });
});
