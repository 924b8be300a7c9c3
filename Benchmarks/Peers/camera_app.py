"""The first server of the Python pair: it reads the camera with OpenCV, and encodes each viewer's JPEGs separately."""
import os
import time

import cv2
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

app = FastAPI()
camera = cv2.VideoCapture(os.environ.get("CAMERA", "/dev/video0"), cv2.CAP_V4L2)
camera.set(cv2.CAP_PROP_FRAME_WIDTH, 1280)
camera.set(cv2.CAP_PROP_FRAME_HEIGHT, 720)


def frames():
    while True:
        is_read, image = camera.read()
        if not is_read:
            continue
        _, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 80])
        yield b"--frame\r\nContent-Type: image/jpeg\r\n\r\n" + jpeg.tobytes() + b"\r\n"
        time.sleep(1 / 15)


@app.get("/mjpeg")
def mjpeg():
    return StreamingResponse(frames(), media_type="multipart/x-mixed-replace; boundary=frame")
