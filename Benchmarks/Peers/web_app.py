"""The second server of the Python pair: it relays the first server's stream, in the way that forums often suggest."""
import os

import requests
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

app = FastAPI()


@app.get("/video")
def video():
    upstream = requests.get(os.environ["UPSTREAM"], stream=True)
    return StreamingResponse(
        upstream.iter_content(chunk_size=1024), media_type="multipart/x-mixed-replace; boundary=frame")
