#!/usr/bin/env python3
# A script need not be one of the shell.
#SBATCH --time=5 --job-name='count to ten'
#SBATCH --comment="not for the \"record\""

##SBATCH --gpus=8
import time
#SBATCH --gpus=4
for i in range(10):
    print(i)
    time.sleep(1)
