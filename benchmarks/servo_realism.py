"""Step response of the simulated followers, from goal register to present-position register.

    python benchmarks/servo_realism.py

A goal 0.3 rad away is put into the primary's goal register; the time at which its present position
register has covered 63 % of the way, and how far it overshoots, are printed. Real ViperX joints
take 50-90 ms. The registers are the servo objects': no bus. Resolution: the physics step, 2 ms.
"""

import sys

sys.path[0] = __file__.rpartition("/benchmarks/")[0]  # our operator.py would hide Python's own


import mujoco
import numpy as np

from sim.arms import FollowerArm
from sim.scenes.scene import Scene
from sim.servos.aloha import aloha_servos
from teleop.joints import ARM_JOINTS, JOINT_SERVO_IDS
from teleop.registers import TICKS_PER_TURN

STEP_RAD = 0.3
SETTLE_STEPS = 1500
WATCH_STEPS = 500


def respond(joint: int) -> tuple[float, float]:
    """Rise time to 63 % in ms, and overshoot in percent, of one joint of the left follower."""
    scene = Scene("battery")
    scene.reset(0)
    servos = aloha_servos("follower")
    arm = FollowerArm(scene, "left", servos)
    for servo in servos:
        servo.set("goal_position", servo.get("present_position"))
        servo.set("torque_enable", 1)
    servo = servos[JOINT_SERVO_IDS[joint] - 1]

    def advance(steps: int) -> list[int]:
        positions = []
        for _ in range(steps):
            now_ns = round(scene.data.time * 1e9)
            arm.drive(now_ns, now_ns)
            mujoco.mj_step(scene.model, scene.data)
            arm.sense()
            positions.append(servo.get("present_position"))
        return positions

    start = advance(SETTLE_STEPS)[-1]
    servo.set(
        "goal_position", servo.get("goal_position") + round(STEP_RAD / 2 / np.pi * TICKS_PER_TURN)
    )
    travel = np.array(advance(WATCH_STEPS)) - start
    final = travel[-1]
    first = int(np.argmax(travel >= 0.63 * final))
    rise_ms = (first + 1) * scene.model.opt.timestep * 1000
    return rise_ms, max(0.0, 100.0 * (travel.max() - final) / final)


def main() -> None:
    """Print the table."""
    print("| joint | 63 % after | overshoot |\n| --- | --- | --- |")
    for joint, name in enumerate(ARM_JOINTS):
        rise_ms, overshoot = respond(joint)
        print(f"| {name} | {rise_ms:.0f} ms | {overshoot:.1f} % |")


if __name__ == "__main__":
    main()
