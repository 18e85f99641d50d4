"""An echo bot as a user of python-telegram-bot writes it.

Settings come from the environment: BOT_TOKEN, API_ROOT, and for a webhook PORT and WEBHOOK_SECRET.
"""

import logging
import os

from telegram import Update
from telegram.ext import AIORateLimiter, Application, ContextTypes, MessageHandler, filters

logging.basicConfig(level=logging.INFO, format="%(name)s %(levelname)s %(message)s")
# Prints addresses, and they hold the token.
logging.getLogger("httpx").setLevel(logging.WARNING)


async def echo(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    await update.message.reply_text(update.message.text)


application = (
    Application.builder()
    .token(os.environ["BOT_TOKEN"])
    .base_url(os.environ["API_ROOT"] + "/bot")
    .rate_limiter(AIORateLimiter(max_retries=3))
    .build()
)
application.add_handler(MessageHandler(filters.TEXT, echo))

port = os.environ.get("PORT")
if port is None:
    application.run_polling()
else:
    application.run_webhook(
        listen="127.0.0.1",
        port=int(port),
        secret_token=os.environ["WEBHOOK_SECRET"],
        webhook_url=f"http://127.0.0.1:{port}/",
    )
