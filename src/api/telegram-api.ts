/** Where bots talk to Telegram unless the fleet says otherwise. */
export const TELEGRAM_API_ROOT = 'https://api.telegram.org';
